import Features
import Testing
