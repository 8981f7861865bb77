#if DEBUG
    import Linux

    /// Attacks for trust boundary tests, in debug builds: the worker misuses the memory and the
    /// descriptors that it shares with other processes. The same seed produces the same garbage.
    extension Worker {
        /// Performs an attack, as in `garbage-ring:SEED`. Returns nil if it is unknown.
        func attackSharedMemory(_ attack: String) -> SandboxProbeOutcome? {
            let parts = attack.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            var random = Garbage(state: UInt64(parts[1]) ?? 0)
            switch parts[0] {
            case "log-named": nameLog(Array(parts[1].utf8))
            case "garbage-ring": attackRing(&random)
            case "garbage-boards": attackSharedPages(&random)
            case "garbage-zones": attackZones(&random)
            case "garbage-helper": attackHelper(&random)
            default: return nil
            }
            return .succeeded
        }

        /// SplitMix64.
        private struct Garbage {
            var state: UInt64

            mutating func next() -> UInt64 {
                state &+= 0x9E37_79B9_7F4A_7C15
                var mixed = state
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                return mixed ^ (mixed >> 31)
            }

            mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % max(1, bound) }

            /// Returns a number that looks like an offset or a link, or a random one.
            mutating func number() -> UInt64 {
                let number = next()
                return number & 3 == 0 ? number : number >> UInt64(below(64))
            }
        }

        /// Sends the logger a line for a file of any name.
        private func nameLog(_ path: [UInt8]) {
            for log in [0, 1, -1] {
                let record = LogRecord(kind: .named, target: log, detail: path.count)
                services.context.ring?.put(record, (path + Array("a line\n".utf8)).span)
            }
        }

        private func attackRing(_ random: inout Garbage) {
            guard let ring = services.context.ring else { return }
            for _ in 0..<20_000 {
                ring.bytes.store(random.number(), at: random.next())
                if random.below(4) == 0 {
                    ring.words.release(random.number(), at: random.below(64))
                }
                if random.below(100) == 0 { ring.wakeup.wakeReader() }
            }
        }

        private func attackSharedPages(_ random: inout Garbage) {
            for _ in 0..<20_000 {
                var counts = Scoreboard.Counts()
                counts.active = random.number()
                counts.requests = random.number()
                services.context.scoreboard[random.below(Scoreboard.rows)] = counts
                activity.beginWork(
                    [UInt8](repeating: UInt8(random.below(256)), count: 50).span, nowMs: 0)
            }
        }

        private func attackZones(_ random: inout Garbage) {
            for zone in services.context.zones {
                let words = zone.table.memory.table(
                    of: UInt64.self, at: 0, count: zone.table.memory.size / 8)
                for _ in 0..<200_000 { words[random.below(words.count)] = random.number() }
                // Overwrites the lock and the header repeatedly.
                for _ in 0..<1000 { words[random.below(12)] = random.number() }
                // Releases the lock in half of the cases: while it seems to belong to a dead
                // worker, other workers only repair the table.
                if random.below(2) == 0 { words[0] = 0 }
            }
        }

        private func attackHelper(_ random: inout Garbage) {
            for _ in 0..<2000 {
                var bytes = (0..<random.below(200)).map { _ in UInt8(random.below(256)) }
                if bytes.count > 8 { bytes[8] = UInt8(random.below(6)) }
                if random.below(4) == 0 { bytes = [] }
                // Passes standard error, a pipe, as a descriptor that is not a regular file.
                _ = Linux.send(
                    services.helper.descriptor, bytes, passing: random.below(3) == 0 ? 2 : -1)
            }
            shutdownSending(services.helper.descriptor)
        }
    }
#endif
