"""The views of the page; `page.build` says what a view is made of."""
