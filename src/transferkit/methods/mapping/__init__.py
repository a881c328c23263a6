"""Learned mappings from one feature space to another."""
