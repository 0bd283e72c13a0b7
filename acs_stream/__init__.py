"""Light curves: sources, time systems, background, search for excesses, upper limits."""
