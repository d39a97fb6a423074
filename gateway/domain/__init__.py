"""Rules of the gateway: keys, outgoing webhooks, notifications."""
