"""Reports that mail servers send back: bounces and feedback, read from hostile messages."""
