"""Open Sound Control: how everything is moved from outside, and where everything that happens is sent."""
