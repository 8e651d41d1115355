"""HTTP and WebSocket: OSCQuery for other programs, and the control page for people."""
