"""Which of the providers that may carry a shipment is asked first, and why. Plain Python:
logistics holds its own copy to the same cases.
"""
