"""Knowledge of mail as pure values and functions: no pyinfra, no network."""
