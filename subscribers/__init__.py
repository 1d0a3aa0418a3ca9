"""Subscribers, their subscriptions, and the promise to forget them. Knows nothing of newsletters."""
