"""Transferability scores: how well will these features serve that task?"""
