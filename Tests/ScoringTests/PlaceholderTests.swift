import Testing
import Scoring
