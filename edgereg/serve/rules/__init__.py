"""Rules: what of the results is worth a message, such as somebody who enters, or looks there."""
