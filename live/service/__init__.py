"""An installation: supervision, watchdog, health, alerts and figures of a show that nobody looks after."""
