import Testing
import KNAS
