"""The demonstration: a simulated night through the real service, with stand-ins for the world outside."""
