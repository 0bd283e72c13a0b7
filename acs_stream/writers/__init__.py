"""Light curves as files that others read. Pure: values in, bytes out."""
