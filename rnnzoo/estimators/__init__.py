"""Models of the zoo as estimators of scikit-learn, for pipelines, grids and cross-validation."""
