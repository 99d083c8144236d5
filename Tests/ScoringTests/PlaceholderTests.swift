import Scoring
import Testing
