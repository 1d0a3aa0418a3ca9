"""What is wrong with the configuration, the relay, the database and the sender's DNS, and the remedy for each."""
