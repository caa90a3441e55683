"""Timings of a training step beside PyTorch, Keras 3 and TensorFlow 1.15."""
