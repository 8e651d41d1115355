"""An installation: supervision, watchdog, health, alerts and figures of an unattended show."""
