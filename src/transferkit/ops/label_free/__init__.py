"""Label-free scores: how well will this model do on target items whose labels nobody knows?"""
