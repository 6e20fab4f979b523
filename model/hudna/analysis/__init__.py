"""What a result says: why policies differ, whether claims hold, which policy is best."""
