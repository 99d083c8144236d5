import Testing
import Graphs
