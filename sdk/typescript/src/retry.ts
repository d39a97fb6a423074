/** Sent again only where that is safe: the same rule as in the Python client. */

export type Fetch = (request: Request) => Promise<Response>;

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
const REFUSED = new Set([409, 429]); // with Retry-After: nothing has been done
const LOST = new Set([502, 503, 504]); // it may have been done
const REPEATABLE = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** Tried up to four times, each within `timeoutMs`, always with the same headers and body. */
export function retrying(send: Fetch, timeoutMs: number): Fetch {
  return async (request) => {
    const isSafe = mayBeDoneTwice(request);
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === ATTEMPTS;
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
      let answer: Response | undefined;
      try {
        answer = await send(new Request(request.clone(), { signal }));
      } catch (lost) {
        if (isLast || !isSafe || request.signal.aborted) throw lost;
      }
      if (answer && (isLast || !maySendAgain(answer, isSafe))) return answer;
      await new Promise((resolve) => setTimeout(resolve, waitMs(attempt, answer)));
    }
  };
}

function mayBeDoneTwice(request: Request): boolean {
  if (request.headers.has("Idempotency-Key")) return true;
  return REPEATABLE.has(request.method) && !request.headers.has("If-Match");
}

function maySendAgain(answer: Response, isSafe: boolean): boolean {
  if (REFUSED.has(answer.status)) return answer.headers.has("Retry-After");
  return isSafe && LOST.has(answer.status);
}

/** What the platform asks for, else longer each time and never in step with others. */
function waitMs(attempt: number, answer: Response | undefined): number {
  const asked = answer?.headers.get("Retry-After") ?? "";
  if (/^\d+$/.test(asked)) return Math.min(Number(asked) * 1000, LONGEST_WAIT_MS);
  return FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
}
