import Testing
import Export
