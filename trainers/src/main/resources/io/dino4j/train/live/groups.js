// Which metric belongs where. The first rule whose pattern fits a name decides; a name that fits none is shown all the same.
// A rule with a chart draws all its metrics into one; others get a chart each.

const RULES = [
  { pattern: /^(total_)?loss$/, section: 'hero', title: () => 'Objective', unit: 'sum of all terms' },
  { pattern: /grad.*norm|norm.*grad/, section: 'gradients', chart: 'Gradient norm by part', unit: 'before clipping', log: true, wide: true },
  {
    pattern: /entropy|prototype|perplexity|(^|_)std($|_)|distance|nearest|effective_rank|collapse|sentinel|rollback/,
    section: 'sentinel',
  },
  { pattern: /^weight_norm_|^student_norm_/, section: 'gradients', chart: 'Weight norm by part', log: true, wide: true },
  { pattern: /loss|koleo/, section: 'losses', title: (name) => LOSSES[name] ?? words(name) },
  { pattern: /(^|_)lr($|_)|learning_rate/, section: 'schedules', chart: 'Learning rate', smooth: false },
  { pattern: /^(weight_decay|wd|momentum|teacher_momentum)$|temp(erature)?$/, section: 'schedules', smooth: false },
  { pattern: /per_second|second|_ms$|time|memory|bytes|_gb$|_mb$/, section: 'gradients' },
  { pattern: /./, section: 'other' },
];

const LOSSES = {
  dino_local_crops_loss: 'DINO, local crops',
  dino_global_crops_loss: 'DINO, global crops',
  koleo_loss: 'KoLeo',
  ibot_loss: 'iBOT, masked patches',
};

const TITLES = {
  momentum: 'Teacher momentum',
  teacher_temp: 'Teacher temperature',
  teacher_entropy_share: 'Entropy over its maximum',
  prototypes_used: 'Prototypes in use',
  koleo_distance: 'Nearest feature',
};

const UNITS = { teacher_entropy: 'nats', prototype_use: 'share', koleo_distance: 'distance' };

/** The sections of the page in their order. */
export const SECTIONS = [
  { id: 'losses', title: 'Losses', hint: 'The terms of the objective, unweighted.' },
  { id: 'gradients', title: 'Gradients and speed', hint: '' },
  { id: 'sentinel', title: 'Sentinel', hint: 'Signs of collapse: features or targets that become all alike.' },
  { id: 'schedules', title: 'Schedules', hint: '' },
  { id: 'other', title: 'Other measurements', hint: '' },
];

const SPELLINGS = { dino: 'DINO', ibot: 'iBOT', koleo: 'KoLeo', knn: 'k-NN', cls: 'CLS', lr: 'learning rate', ema: 'EMA', std: 'deviation' };

/** A name as words: `ibot_head_lr` becomes `iBOT head learning rate`. */
function words(name) {
  const text = name.split('_').filter(Boolean).map((w) => SPELLINGS[w] ?? w).join(' ');
  return text.startsWith('iBOT') || text.startsWith('k-NN') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where a metric is drawn: `{key, section, title, label, unit, log, smooth, wide}`; metrics of one key share a chart. */
export function place(name) {
  const rule = RULES.find((r) => r.pattern.test(name));
  return {
    key: rule.chart ?? name,
    section: rule.section,
    title: rule.chart ?? TITLES[name] ?? (rule.title ?? words)(name),
    label: words(rule.chart ? name.replace(/^(grad|weight|student)_norm_|_lr$/, '') : name),
    unit: rule.unit ?? UNITS[name] ?? '',
    log: rule.log ?? false,
    smooth: rule.smooth ?? true,
    wide: rule.wide ?? false,
  };
}
