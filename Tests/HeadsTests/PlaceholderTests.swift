import Heads
import Testing
