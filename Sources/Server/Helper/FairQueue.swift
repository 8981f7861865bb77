import Linux

/// A queue in which clients take turns, so that a client with many items does not delay the others.
/// Every operation takes constant time. An item is a small number of the caller's.
struct FairQueue<Client: Hashable> {
    private struct ClientQueue {
        var client: Client?
        var items = SlotList()
    }

    private var queues: [ClientQueue] = []
    private var freeQueues: [Int] = []
    private var places: [Client: Int] = [:]
    private var itemLinks = SlotLinks()
    /// The line of each item.
    private var queueOfItem: [Int] = []
    /// The lines in the order of their turns.
    private var turns = SlotList()
    private var turnLinks = SlotLinks()
    /// The number of items.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The item at the front.
    var first: Int? { turns.first.flatMap { queues[$0].items.first } }

    /// Appends an item after those of the same client.
    mutating func append(_ item: Int, of client: Client) {
        let (place, isNew) = place(of: client)
        itemLinks.append(item, to: &queues[place].items)
        if isNew { turnLinks.append(place, to: &turns) }
        note(item, place)
    }

    /// Puts an item in front of all others: it had its turn before.
    mutating func prepend(_ item: Int, of client: Client) {
        let (place, isNew) = place(of: client)
        itemLinks.prepend(item, to: &queues[place].items)
        if !isNew { turnLinks.remove(place, from: &turns) }
        turnLinks.prepend(place, to: &turns)
        note(item, place)
    }

    /// Removes an item at any position; does nothing if it is not queued.
    mutating func remove(_ item: Int) {
        guard itemLinks.contains(item) else { return }
        let place = queueOfItem[item]
        itemLinks.remove(item, from: &queues[place].items)
        count &-= 1
        if queues[place].items.isEmpty { free(place) }
    }

    /// Removes and returns the item at the front; its client moves to the end.
    mutating func popFirst() -> Int? {
        guard let place = turns.first, let item = queues[place].items.first else { return nil }
        turnLinks.remove(place, from: &turns)
        turnLinks.append(place, to: &turns)
        remove(item)
        return item
    }

    private mutating func place(of client: Client) -> (place: Int, isNew: Bool) {
        if let known = places[client] { return (known, false) }
        let place: Int
        if let free = freeQueues.popLast() {
            place = free
        } else {
            queues.append(ClientQueue())
            place = queues.count &- 1
        }
        queues[place].client = client
        places[client] = place
        return (place, true)
    }

    private mutating func note(_ item: Int, _ place: Int) {
        while queueOfItem.count <= item { queueOfItem.append(0) }
        queueOfItem[item] = place
        count &+= 1
    }

    private mutating func free(_ place: Int) {
        turnLinks.remove(place, from: &turns)
        if let client = queues[place].client { places[client] = nil }
        queues[place].client = nil
        freeQueues.append(place)
    }
}
