import Testing
import Features
