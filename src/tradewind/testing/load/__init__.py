"""Puts a running gateway under the load that its page publishes, so that a deployment can be judged from
outside, before its users do.
"""
