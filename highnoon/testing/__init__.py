"""What tests of a study need: private database servers. Part of the public interface."""
