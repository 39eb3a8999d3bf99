"""A self-hosted customer-service chatbot that answers only from the company's help articles."""
