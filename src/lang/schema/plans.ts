/** When a change needs a plan that is signed. */
export const SIGNED_WHEN = ['never', 'off-terminal', 'always'] as const

const plans = (place: string, file: object) =>
  ({
    title: 'Plans',
    description:
      'Whose signature a plan needs before it is applied. What is said in several places holds together, so that each can only tighten.',
    type: 'object',
    additionalProperties: false,
    required: ['signers'],
    properties: {
      signers: {
        description: `List of those who may sign plans, an allowed_signers file of ssh-keygen(1) with namespaces="till-plan"; ${place}`,
        ...file,
      },
      revocations: {
        description: `Public keys that plans may not be signed by any more, one a line, or a KRL. ${place} Default: none.`,
        ...file,
      },
      signed: {
        description:
          'When a change has to come by a signed plan. never, the default: other changes need none, and every plan is looked at. ' +
          'off-terminal: where no person sits at a terminal, as in a pipeline, till apply without a signed plan and till exec are ' +
          'refused. always: on a terminal, too. What `till reconcile` and hooks do is decided by what is in force, and `till rollback` wants nothing new: they need none.',
        enum: SIGNED_WHEN,
        examples: ['off-terminal'],
      },
    },
  }) as const

/** In tillwright.yaml: what is in the repository could be changed by whoever changes what is planned. */
export const PROJECT_PLANS = plans('outside of the repository, by an absolute path.', {
  type: 'string',
  pattern: '^/.+$',
  examples: ['/etc/tillwright/plan_signers'],
})

/** In gitops.yaml, which stands outside of the repository already. */
export const GITOPS_PLANS = plans('relative to this folder.', {
  type: 'string',
  minLength: 1,
  examples: ['plan_signers'],
})
