import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One row per unit instead of one per unit and metric: all measures of a unit stand in one array, three per metric
 * (numerator, denominator, covariate), at the place that metric_slot gives the metric in this experiment. The view
 * keeps the long form for readers.
 */
const UNIT_VALUES = `
create table metric_slot (
  experiment text not null,
  metric text not null,
  slot integer not null,
  primary key (experiment, metric),
  unique (experiment, slot)
);
create table unit_values (
  experiment text not null,
  unit_id text not null,
  measures double precision[] not null,
  primary key (experiment, unit_id)
);
insert into metric_slot (experiment, metric, slot)
select experiment, metric, row_number() over (partition by experiment order by metric)
  from (select distinct experiment, metric from unit_metric) known;
insert into unit_values (experiment, unit_id, measures)
select m.experiment, m.unit_id, array_agg(part.value order by s.slot, part.place)
  from (select distinct experiment, unit_id from unit_metric) m
  join metric_slot s on s.experiment = m.experiment
  left join unit_metric v on v.experiment = m.experiment and v.unit_id = m.unit_id and v.metric = s.metric
 cross join lateral (values (1, v.y), (2, v.d), (3, v.x)) as part (place, value)
 group by m.experiment, m.unit_id;
drop table unit_metric;
-- Room for the second version of a row in its own page: updates of active_days then touch no index.
alter table experiment_unit set (fillfactor = 50);
-- Two indexes instead of three: units are looked up by their id, experiments by the day of entry.
alter table experiment_unit drop constraint experiment_unit_pkey;
drop index experiment_unit_by_unit, experiment_unit_by_cohort;
alter table experiment_unit add primary key (unit_id, experiment);
create index experiment_unit_by_cohort on experiment_unit (experiment, entered_on);
create view unit_metric as
select u.experiment, s.metric, u.unit_id, u.arm, u.entered_on,
       v.measures[3 * s.slot - 2] as y, v.measures[3 * s.slot - 1] as d, v.measures[3 * s.slot] as x
  from metric_slot s
  join unit_values v on v.experiment = s.experiment
  join experiment_unit u on u.experiment = v.experiment and u.unit_id = v.unit_id
 where v.measures[3 * s.slot - 2] is not null;
`;

export class UnitValues1764000400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UNIT_VALUES);
  }

  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
