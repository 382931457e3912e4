"""What a training begins with: the model, its first weights, and the rate of each of its parts."""
