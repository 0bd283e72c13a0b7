"""The events of a simulated night, one module each: what happens, what is sent about it, what was true."""
