"""Sessions: records a performance while it runs, and replays it bit for bit."""
