"""Carries events between processes. Where services share a process, the log and its lines do it, with the
same promises.
"""
