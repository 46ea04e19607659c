"""Looking through history: a page, a file or sums of what is like something, in bounded time."""
