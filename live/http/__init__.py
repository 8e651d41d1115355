"""HTTP and WebSocket: OSCQuery for programs, and the control page."""
