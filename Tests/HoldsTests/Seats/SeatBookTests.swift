import Holds
import TestSupport
import Testing

/// What a book knows, and what it chooses; against a model that tries everything.
@Suite struct SeatBookTests {
  private static let seed = SeededGenerator.seed

  private func book(_ rows: String...) -> SeatBook {
    let seats = rows.enumerated().flatMap { row, states in
      states.indices.map { index in
        let number = states.distance(from: states.startIndex, to: index) + 1
        return Seat(
          ticketID: "\(row + 1)-\(number)", zone: "A", row: "\(row + 1)", number: "\(number)")
      }
    }
    var book = SeatBook(SeatPlan(seats))
    for (seat, state) in rows.joined().enumerated() where state != "." {
      book.learn(.taken, of: seat)
    }
    return book
  }

  private func choice(
    _ quantity: Int, of book: SeatBook, adjacent: Bool = false, kept: [Int] = [], skipping: Int = 0
  ) -> [String]? {
    var book = book
    let wish = SeatWish(
      quantity: quantity, mustBeAdjacent: adjacent, kept: kept, skippedRows: skipping)
    return book.choose(wish)?.map { book.plan.ticketIDs[$0] }
  }

  @Test func everyChoiceIsTheModels() {
    var generator = SeededGenerator(seed: Self.seed)
    for round in 0..<1000 {
      let model = SeatModel.random(using: &generator)
      var book = SeatBook(SeatPlan(model.seats.shuffled(using: &generator)))
      #expect(book.plan.ticketIDs == model.seats.map(\.ticketID))
      for (seat, isFree) in model.isFree.enumerated() where !isFree {
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: book.learn(.taken, of: seat)
        case 1: book.learn(.held(until: 1_000_000), of: seat)
        default: book.claim([seat])
        }
      }
      let quantity = Int.random(in: 1...8, using: &generator)
      let isAdjacent = Bool.random(using: &generator)
      #expect(
        book.choose(SeatWish(quantity: quantity, mustBeAdjacent: isAdjacent))
          == model.choice(quantity, mustBeAdjacent: isAdjacent),
        "round \(round), \(quantity) of \(model), adjacent \(isAdjacent), seed \(Self.seed)")
    }
  }

  /// Taken and given back at random, the book stays what its states say.
  @Test func aBookThatChangesIsTheModels() {
    var generator = SeededGenerator(seed: Self.seed &+ 1)
    for _ in 0..<100 {
      var model = SeatModel.random(using: &generator)
      var book = SeatBook(SeatPlan(model.seats))
      for seat in model.isFree.indices where !model.isFree[seat] { book.learn(.taken, of: seat) }
      for _ in 0..<60 {
        let seat = Int.random(in: model.isFree.indices, using: &generator)
        model.isFree[seat].toggle()
        book.learn(model.isFree[seat] ? .free : .taken, of: seat)
        let quantity = Int.random(in: 1...5, using: &generator)
        #expect(
          book.choose(SeatWish(quantity: quantity))
            == model.choice(quantity, mustBeAdjacent: false), "seed \(Self.seed)")
        #expect(book.open.count(zone: nil) == model.isFree.filter(\.self).count)
      }
    }
  }

  @Test func neighboursInTheMiddleOfTheFrontRow() {
    #expect(choice(2, of: book("......", "......")) == ["1-3", "1-4"])
    #expect(choice(3, of: book("......")) == ["1-2", "1-3", "1-4"])
    #expect(choice(2, of: book("##..##", "......")) == ["1-3", "1-4"])
  }

  @Test func noSingleSeatIsLeftBetweenTakenOnes() {
    // Of three between taken ones two would leave one: the row behind is better.
    #expect(choice(2, of: book("#...#", "....")) == ["2-2", "2-3"])
    // Unless there is none.
    #expect(choice(2, of: book("#...#")) == ["1-2", "1-3"])
    // The last seat of a row is not between taken ones.
    #expect(choice(2, of: book("...#", "....")) == ["1-2", "1-3"])
  }

  @Test func theFewestRowsAndTheFrontOnes() {
    #expect(choice(2, of: book("#.#.#", ".#...")) == ["2-3", "2-4"])
    #expect(choice(2, of: book("#.#.#", "#.###")) == ["1-2", "1-4"])
    #expect(choice(4, of: book("..###", ".####", "..#.#")) == ["1-1", "1-2", "3-1", "3-2"])
    #expect(choice(9, of: book("..###", "....")) == nil)
    #expect(choice(2, of: book("#.#.#"), adjacent: true) == nil)
  }

  @Test func whatIsKeptIsCompletedBesideIt() {
    #expect(choice(3, of: book(".......#"), kept: [0]) == ["1-1", "1-2", "1-3"])
    #expect(choice(3, of: book("#.#..", "....."), kept: [1]) == ["1-2", "1-4", "1-5"])
    #expect(choice(3, of: book("#.#..", "....."), adjacent: true, kept: [1]) == nil)
    #expect(choice(3, of: book("#.###", "....."), kept: [1]) == ["1-2", "2-2", "2-3"])
    #expect(choice(1, of: book("#.###"), kept: [1]) == ["1-2"])
    // Kept seats are not known to be free, most often.
    #expect(choice(2, of: book("##.##"), kept: [1]) == ["1-2", "1-3"])
  }

  @Test func generalAdmissionTakesAny() {
    let seats = (1...12).map { Seat(ticketID: "g\($0)", zone: "Floor", row: nil, number: "\($0)") }
    var book = SeatBook(SeatPlan(seats + [Seat(ticketID: "s", zone: "A", row: "1", number: "1")]))
    #expect(book.plan.ticketIDs == ["s"] + (1...12).map { "g\($0)" })
    book.learn(.taken, of: 2)
    #expect(
      book.choose(SeatWish(zone: "Floor", quantity: 3, mustBeAdjacent: true)) == [1, 3, 4])
    for (zone, count) in [("Floor", 12), ("nowhere", 1)] {
      #expect(book.choose(SeatWish(zone: zone, quantity: count)) == nil)
    }
    #expect(book.choose(SeatWish(quantity: 12))?.count == 12)
    #expect(book.open.count(zone: "nowhere") == 0)
  }

  @Test func whoeverSkipsRowsFindsTheNext() {
    let rows = book("....", "....", "#...")
    #expect(choice(2, of: rows, skipping: 1) == ["2-2", "2-3"])
    #expect(choice(2, of: rows, skipping: 9) == ["3-2", "3-3"])
    #expect(choice(2, of: book("....", "####"), skipping: 3) == ["1-2", "1-3"])
  }

  @Test func holdsExpireByTheClock() {
    var book = book("...")
    book.learn(.held(until: 1_000_000), of: 0)
    book.learn(.held(until: 2_000_000), of: 1)
    book.expire(now: 999_999)
    #expect(book.open.count(zone: nil) == 1)
    book.expire(now: 1_000_000)
    #expect(book.open.count(zone: nil) == 2)
    book.expire(now: 2_000_000)
    #expect(book.open.count(zone: nil) == 3)
  }

  @Test func aReleaseFreesWhatItMay() {
    let (mine, theirs) = (HoldID("mine"), HoldID("theirs"))
    var book = book("....")
    book.learn(.held(until: 1), of: 0, holder: .cart(mine))
    book.learn(.held(until: 1), of: 1, holder: .anonymous)
    book.learn(.held(until: 1), of: 2, holder: .nobodyKnows)
    book.learn(.taken, of: 3)
    for seat in 0..<4 { book.learnRelease(of: seat, by: .cart(theirs)) }
    #expect((0..<4).map { book.state(of: $0) == .free } == [false, true, false, false])
    for seat in 0..<4 { book.learnRelease(of: seat, by: .cart(mine)) }
    #expect((0..<4).map { book.state(of: $0) == .free } == [true, true, false, false])
  }

  @Test func aClaimEndsAsTheSeatIs() {
    var book = book("..")
    book.claim([0, 1])
    func could(_ quantity: Int) -> Bool { book.couldChoose(SeatWish(quantity: quantity)) }
    #expect(book.choose(SeatWish(quantity: 1)) == nil)
    #expect(could(2))
    #expect(!could(3))
    book.learn(.held(until: 9), of: 0)
    #expect(!could(2))
    book.unclaim([0, 1])
    #expect(book.choose(SeatWish(quantity: 1)) == [1])
    #expect(book.claimedSeats.isEmpty)
  }

  @Test func labelsAreInNaturalOrder() {
    let labels = ["A10", "A2", "2", "10", "01", "1", "B1", "A"]
    let plan = SeatPlan(labels.map { Seat(ticketID: $0, zone: "Z", row: $0, number: "1") })
    #expect(plan.ticketIDs == ["01", "1", "2", "10", "A", "A2", "A10", "B1"])
    // Two spellings of one word are two tickets.
    let spellings = SeatPlan(["\u{e9}", "e\u{301}"].map { Seat(ticketID: $0) })
    #expect(spellings.seat(of: ExactText("e\u{301}")) == 0)
    #expect(spellings.seat(of: ExactText("\u{e9}")) == 1)
    #expect(spellings.seat(of: ExactText("e")) == nil)
  }
}

extension SeatModel {
  fileprivate static func random(using generator: inout SeededGenerator) -> SeatModel {
    var rows: [Range<Int>] = []
    var count = 0
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let length = Int.random(in: 1...9, using: &generator)
      rows.append(count..<count + length)
      count += length
    }
    let freedom = Int.random(in: 1...9, using: &generator)
    let isFree = (0..<count).map { _ in Int.random(in: 0..<10, using: &generator) < freedom }
    return SeatModel(rows: rows, isFree: isFree)
  }

  /// The event's tickets, by seat.
  fileprivate var seats: [Seat] {
    rows.enumerated().flatMap { row, seats in
      seats.map { Seat(ticketID: "t\($0)", zone: "A", row: "\(row + 1)", number: "\($0 + 1)") }
    }
  }
}
