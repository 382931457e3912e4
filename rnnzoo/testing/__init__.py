"""What every model of the zoo must do, as a check for models of your own: `check_model("mine")`."""

from rnnzoo.testing.checks import check_model as check_model
