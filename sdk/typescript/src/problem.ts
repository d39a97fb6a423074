/** A refusal as the platform says it (RFC 9457). */

export interface FieldError {
  /** A JSON pointer into the request's body. */
  pointer: string;
  code: string;
  message: string;
}

/** What was refused and why; `errors` point at the places in the request. */
export class Problem extends Error {
  override readonly name = "Problem";

  private constructor(
    readonly status: number,
    readonly type: string,
    readonly title: string,
    readonly detail: string,
    readonly requestId: string,
    readonly errors: readonly FieldError[],
  ) {
    super(`${status} ${title}: ${detail} (${requestId})`);
  }

  static async of(response: Response): Promise<Problem> {
    const said = await words(response);
    return new Problem(
      response.status,
      said.type ?? "about:blank",
      said.title ?? response.statusText,
      said.detail ?? "",
      said.request_id ?? response.headers.get("x-request-id") ?? "",
      said.errors ?? [],
    );
  }
}

interface Said {
  type?: string;
  title?: string;
  detail?: string;
  request_id?: string;
  errors?: FieldError[];
}

/** Empty where something before the platform answered in its own words. */
async function words(response: Response): Promise<Said> {
  const media = response.headers.get("content-type") ?? "";
  return media.startsWith("application/problem+json") ? ((await response.json()) as Said) : {};
}
