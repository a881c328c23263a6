"""Instance transfer and classical learners: which source items count, and how trees and margins are carried over."""
