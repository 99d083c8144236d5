import Testing
import Encoders
