import KNAS
import Testing
