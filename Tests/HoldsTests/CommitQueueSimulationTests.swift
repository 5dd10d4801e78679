import Holds
import TestSupport
import Testing

@Suite struct CommitQueueSimulationTests {
  @Test(arguments: [
    // Operations that wait, operations and tickets of a batch, committers.
    [8, 3, 10, 1], [30, 5, 12, 2], [30, 100, 8, 3], [5, 1, 1, 2], [200, 20, 60, 4],
  ])
  func nothingIsLostDoubledOrOvertaken(bounds: [Int]) throws {
    let seed = SeededGenerator.seed
    print("HOLDFAST_TEST_SEED=\(seed) replays this simulation")
    var simulation = CommitQueueSimulation(
      limits: CommitQueueLimits(
        waitingOperations: bounds[0], waitingMilliseconds: 200, batchOperations: bounds[1],
        batchTickets: bounds[2]),
      seed: seed)
    do {
      try simulation.run(events: 4000, committers: bounds[3])
    } catch {
      Issue.record("seed \(seed)")
      throw error
    }
  }
}
