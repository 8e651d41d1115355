"""Open Sound Control: sets parameters from outside, and sends changes and events to subscribers."""
