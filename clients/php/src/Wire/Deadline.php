<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

/**
 * The end of one call, on the monotonic clock: setting the wall clock moves nothing.
 *
 * @internal
 */
final readonly class Deadline
{
    private int $end;

    public function __construct(public float $seconds)
    {
        $this->end = (int) hrtime(true) + (int) ($seconds * 1e9);
    }

    /**
     * Microseconds to go; 0 once it has passed.
     *
     * @return non-negative-int
     */
    public function remaining(): int
    {
        return max(0, intdiv($this->end - (int) hrtime(true), 1000));
    }
}
