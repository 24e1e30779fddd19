/** One of those who wait for a call. */
export interface Seat<Result> {
  readonly result: Promise<Result>
  /** Gives the seat up, at the latest when the result is no longer needed. The call ends with its last one. */
  leave(reason?: unknown): void
}

/** A call under way, and how many wait for it. */
class Flight<Result> {
  readonly result: Promise<Result>
  /** Whether it can be joined no more, since its result is complete. */
  isOver: () => boolean = () => false
  readonly #controller = new AbortController()
  #seats = 0

  constructor(begin: (signal: AbortSignal) => Promise<Result>) {
    this.result = begin(this.#controller.signal)
  }

  /** @param whenEmpty runs when the last one leaves. */
  take(whenEmpty: () => void): Seat<Result> {
    this.#seats++
    let isTaken = true
    return {
      result: this.result,
      leave: (reason = new Error('Nobody waits for this call any more.')) => {
        if (!isTaken) return
        isTaken = false
        this.#seats--
        if (this.#seats > 0) return
        whenEmpty()
        this.#controller.abort(reason)
      },
    }
  }
}

/**
 * Calls under way that others may join who would make the very same one. A call is its owner's: nobody joins another's.
 */
export class Flights<Result> {
  readonly #byOwner = new Map<string, Map<string, Flight<Result>>>()
  readonly #isOver: (result: Result) => boolean

  /** @param isOver whether a result is complete. What comes later is then another call. */
  constructor(isOver: (result: Result) => boolean) {
    this.#isOver = isOver
  }

  /** A seat in a call that is under way already, or in one that begins now. */
  join(owner: string, key: string, begin: (signal: AbortSignal) => Promise<Result>): Seat<Result> {
    const present = this.#byOwner.get(owner)?.get(key)
    if (present && !present.isOver()) return this.#seat(owner, key, present)
    const flight = new Flight(begin)
    const flights = this.#byOwner.get(owner) ?? new Map<string, Flight<Result>>()
    this.#byOwner.set(owner, flights.set(key, flight))
    flight.result.then(
      (result) => {
        flight.isOver = () => this.#isOver(result)
      },
      () => this.#remove(owner, key, flight), // those who wait for it are told
    )
    return this.#seat(owner, key, flight)
  }

  /** A seat in a call that nobody else may join. */
  alone(begin: (signal: AbortSignal) => Promise<Result>): Seat<Result> {
    return new Flight(begin).take(() => {})
  }

  /** From now on nobody joins what is under way: what it brings may be older than a change that its owner has made. */
  close(owner: string): void {
    this.#byOwner.delete(owner)
  }

  #seat(owner: string, key: string, flight: Flight<Result>): Seat<Result> {
    return flight.take(() => this.#remove(owner, key, flight))
  }

  #remove(owner: string, key: string, flight: Flight<Result>): void {
    const flights = this.#byOwner.get(owner)
    if (flights?.get(key) !== flight) return
    flights.delete(key)
    if (flights.size === 0) this.#byOwner.delete(owner)
  }
}
