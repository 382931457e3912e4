"""Electricity transformer temperature."""
